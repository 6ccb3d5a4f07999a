export { TokenCache } from '../core/token-cache.ts'
export { estimateTokens, estimateUsage } from '../core/tokens.ts'
