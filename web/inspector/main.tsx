/** The page that `heddle inspect --html` writes and `heddle view` serves. */
import { render } from 'preact';
import { Inspector } from './app.js';
import { readReport } from './report.js';
import { servedLab } from './served-lab.js';
import './style.css';

const root = document.querySelector('#root')!;
try {
  const report = await readReport(document);
  document.title = `${report.model.name} - Heddle`;
  const lab = servedLab(document.querySelector<HTMLElement>('#report')!.dataset);
  render(<Inspector report={report} lab={lab} />, root);
} catch (error) {
  root.textContent = error instanceof Error ? error.message : String(error);
}
