export { FindingRow } from './finding-row.tsx';
export { shownFindings } from './shown-findings.ts';
