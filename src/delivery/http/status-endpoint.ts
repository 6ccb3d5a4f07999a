import type { QueueActivity } from '../../queue/index.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { JsonReader } from '../../protocols/index.ts'
import { jsonResponse, requireAdmin, type GuardedRequest } from './guards/index.ts'

/** Serves `/health`: `ok`, or `degraded` if a target that was called is unhealthy. Needs no authorization. */
export function serveHealth({ orchestrator }: EndpointContext): Response {
  const degraded = Object.values(orchestrator.health()).some(({ status }) => status !== 'healthy')
  return jsonResponse({ status: degraded ? 'degraded' : 'ok' }, { headers: UNCACHED })
}
const UNCACHED = { 'cache-control': 'no-store' }

/** Serves `/health/details`: the health of every target, and the gateway's statistics. Admins only. */
export function serveHealthDetails({ orchestrator }: EndpointContext, { access }: GuardedRequest): Response {
  requireAdmin(access)
  return jsonResponse({ targets: orchestrator.health(), stats: orchestrator.stats() }, { headers: UNCACHED })
}

/** Serves `/queue/status`: numbers of waiting and running calls. */
export function serveQueueStatus({ orchestrator }: EndpointContext): Response {
  const status = orchestrator.queue?.status()
  const body = status === undefined ? { enabled: false } : { enabled: true, ...status }
  return jsonResponse(body, { headers: UNCACHED })
}

/** Serves `/queue/activity?limit=50`: the latest calls, newest end first. Admins only. */
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
