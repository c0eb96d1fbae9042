/** Parts of a page with styles of their own. */

/** The shadow of an element, with `style` alone: a policy that forbids styles in the page lets scripts set these. */
export function shadowOf(host: Element, style = ''): ShadowRoot {
  if (host.shadowRoot !== null) return host.shadowRoot;
  const shadow = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  shadow.adoptedStyleSheets = [sheet];
  return shadow;
}
