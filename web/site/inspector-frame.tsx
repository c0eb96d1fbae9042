/** The inspector as a part of a page: in a shadow, since it has styles of its own. */
import { render, type JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Inspector, type InspectorProps } from '../inspector/app.js';
import style from '../inspector/style.css?inline';
import { shadowOf } from './shadow.js';

export function InspectorFrame({ report, page, lab }: InspectorProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const shadow = shadowOf(host.current!, style);
    render(<Inspector report={report} page={page} lab={lab} />, shadow);
    return () => render(null, shadow);
  }, [report, page, lab]);
  return <div ref={host} class="inspector-frame" />;
}
