/** The page that `heddle inspect --html` writes and `heddle view` serves. */
import { render } from 'preact';
import { Inspector } from './app.js';
import { readReport } from './report.js';
import './style.css';

const root = document.querySelector('#root')!;
try {
  const report = await readReport(document);
  document.title = `${report.model.name} - Heddle`;
  render(<Inspector report={report} />, root);
} catch (error) {
  root.textContent = error instanceof Error ? error.message : String(error);
}
