export { estimateTokens, estimateUsage } from './tokens.ts'
