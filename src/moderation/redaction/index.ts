export { createRedactor, type Redactor } from './redact.ts'
export type { ScanContext, ScanState, SettledRange, TextScan } from './redact-scan.ts'
