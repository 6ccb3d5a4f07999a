import { createLimiter } from '../../src/limits/index.ts'
import { createFileLimitStore } from '../../src/persistence/file-limits.ts'

const [directory = ''] = process.argv.slice(2)
const store = createFileLimitStore({ directory, onDown: 'fail-closed' })
const limiter = createLimiter({ limits: { user: { requestsPerMinute: 0.001, burst: 20_000 } }, store })
let granted = 0
for (let call = 0; call < 15; call++) if ((await limiter.reserve({ user: 'u' }, {})).granted) granted++
process.send?.(granted)
limiter.close()
await store.close?.()
