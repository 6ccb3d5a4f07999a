export { TokenMemo } from './token-memo.ts'
export { estimateTokens, estimateUsage } from './tokens.ts'
