// app/v1/[...path]/route.ts of a Next.js app: the gateway as one catch-all route. Copy it there, and serve /health and
// /queue the same way if you need them.
import { createOrchestrator } from 'llm-switchyard'
import { createOpenAIHandler } from 'llm-switchyard/http'

// Streams need a running server: no static export, and no caching of responses.
export const runtime: string = 'nodejs'
export const dynamic: string = 'force-dynamic'

const orchestrator = createOrchestrator({ limits: { user: { requestsPerMinute: 60 } } })

const handler: (request: Request) => Promise<Response> = createOpenAIHandler(orchestrator, {
  // Check the session here. A returned Response, or a thrown LlmError of kind `unauthorized`, rejects the request.
  authorize: (request) => {
    const token = request.headers.get('authorization')
    return token === null ? new Response('Sign in first.', { status: 401 }) : { userId: token }
  },
})

export { handler as GET, handler as OPTIONS, handler as POST }
