/** What all plots share: the sheet with its title, the styles, which follow the reader's colour scheme, and text for XML. */

/** Of the whole picture, in CSS pixels. */
export const [WIDTH, HEIGHT] = [720, 420];
const MARGIN = { top: 76, right: 24, bottom: 52, left: 68 };
export const [LEFT, RIGHT] = [MARGIN.left, WIDTH - MARGIN.right];
export const [TOP, BOTTOM] = [MARGIN.top, HEIGHT - MARGIN.bottom];

/** Distinguishable with the common forms of colour blindness, and readable on white and on black. */
export const COLOURS = ['#2f7ed8', '#e0722a', '#1f9e77', '#c94f9b', '#8a7a1a', '#7b68d4'] as const;

// Without custom properties, which only browsers know.
const STYLE = `
    .paper { fill: #ffffff; }
    text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #656d76; }
    .title { font-size: 16px; font-weight: 600; fill: #24292f; }
    .name { fill: #24292f; }
    .grid { stroke: #e6e8eb; }
    .axis { stroke: #afb8c1; }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
    .raw { stroke-width: 1; stroke-opacity: 0.35; }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #0d1117; }
      text { fill: #8d96a0; }
      .title, .name { fill: #e6edf3; }
      .grid { stroke: #21262d; }
      .axis { stroke: #484f58; }
    }
`;

/** An SVG file around `content`. */
export const sheet = (title: string, content: readonly string[], height = HEIGHT): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(title)}">`,
    `  <title>${escape(title)}</title>`,
    `  <style>${STYLE}  </style>`,
    `  <rect class="paper" width="${WIDTH}" height="${height}" rx="6"/>`,
    `  <text class="title" x="${LEFT}" y="32">${escape(title)}</text>`,
    ...content,
    '</svg>',
    '',
  ].join('\n');

export const label = (x: number, y: number, anchor: 'middle' | 'end', text: string): string =>
  `  <text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${escape(text)}</text>`;

/** A coordinate without needless digits. */
export const px = (value: number): string => String(Math.round(value * 10) / 10);

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Text for XML, which allows no control characters. */
export const escape = (text: string): string =>
  text.replace(/\p{Cc}/gu, ' ').replace(/[&<>"]/g, (character) => ENTITIES[character]);
