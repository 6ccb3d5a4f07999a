import type { QueueActivity } from '../../queue/index.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { JsonReader } from './json-reader.ts'
import { jsonResponse, requireAdmin, type GuardedRequest } from './guards/index.ts'

/** `/health`: that the gateway is there, and whether every target it has called is well. For anyone. */
export function serveHealth({ orchestrator }: EndpointContext): Response {
  const sick = Object.values(orchestrator.health()).some(({ status }) => status !== 'healthy')
  return jsonResponse({ status: sick ? 'degraded' : 'ok' }, { headers: UNCACHED })
}
const UNCACHED = { 'cache-control': 'no-store' }

/** `/health/details`: what is known of every target, and the figures of the gateway. For admins. */
export function serveHealthDetails({ orchestrator }: EndpointContext, { access }: GuardedRequest): Response {
  requireAdmin(access)
  return jsonResponse({ targets: orchestrator.health(), stats: orchestrator.stats() }, { headers: UNCACHED })
}

/** `/queue/status`: who waits and who runs, in numbers. */
export function serveQueueStatus({ orchestrator }: EndpointContext): Response {
  const status = orchestrator.queue?.status()
  const body = status === undefined ? { enabled: false } : { enabled: true, ...status }
  return jsonResponse(body, { headers: UNCACHED })
}

/** `/queue/activity?limit=50`: the latest calls, the last to end first. For admins. */
export function serveQueueActivity(
  { orchestrator }: EndpointContext,
  { access, url }: GuardedRequest,
): Response {
  requireAdmin(access)
  const asked = url.searchParams.get('limit')
  const query = new JsonReader(asked === null || asked === '' ? {} : { limit: Number(asked) })
  const limit = query.number('limit', { whole: true, min: 1, max: 1000 }) ?? 50
  query.check()
  const activity: QueueActivity[] = orchestrator.queue?.activity(limit) ?? []
  return jsonResponse({ activity, limit }, { headers: UNCACHED })
}
