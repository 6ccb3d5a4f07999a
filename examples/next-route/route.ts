// app/v1/[...path]/route.ts of a Next.js app: the gateway as one catch-all route. Copy it there, and serve /health and
// /queue the same way where you want them.
import { createOrchestrator } from 'llm-switchyard'
import { createOpenAIHandler } from 'llm-switchyard/http'

// Streams need a server that stays: not the static export, and no caching of answers.
export const runtime: string = 'nodejs'
export const dynamic: string = 'force-dynamic'

const orchestrator = createOrchestrator({ limits: { user: { requestsPerMinute: 60 } } })

const handler: (request: Request) => Promise<Response> = createOpenAIHandler(orchestrator, {
  // Ask your session here; a Response, or a thrown LlmError of kind `unauthorized`, refuses.
  authorize: (request) => {
    const token = request.headers.get('authorization')
    return token === null ? new Response('Sign in first.', { status: 401 }) : { userId: token }
  },
})

export { handler as GET, handler as OPTIONS, handler as POST }
