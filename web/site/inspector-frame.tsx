/** The inspector as a part of a page: in a shadow, since it has styles of its own. */
import { render, type JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { InspectionReport } from '../../src/cli/reports/inspection/types.js';
import { Inspector } from '../inspector/app.js';
import style from '../inspector/style.css?inline';
import { shadowOf } from './shadow.js';

/** `page`: what stands before its state in the address. */
export function InspectorFrame({ report, page }: { report: InspectionReport; page: string }): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const shadow = shadowOf(host.current!, style);
    render(<Inspector report={report} page={page} />, shadow);
    return () => render(null, shadow);
  }, [report, page]);
  return <div ref={host} class="inspector-frame" />;
}
