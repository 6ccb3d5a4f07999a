import { LlmError } from 'llm-switchyard'
import type { Identity } from 'llm-switchyard/conversations'
import { z } from 'zod'

/** A person of the product. */
export interface Person extends Identity {
  readonly name: string
  readonly orgId: string
}

/** Everybody who may sign in, by id. A real product has accounts instead. */
export const people: ReadonlyMap<string, Person> = new Map(
  [
    { userId: 'ada', name: 'Ada', orgId: 'harbour' },
    { userId: 'ben', name: 'Ben', orgId: 'harbour' },
    { userId: 'cleo', name: 'Cleo', orgId: 'harbour' },
    { userId: 'dan', name: 'Dan', orgId: 'lighthouse' },
  ].map((person) => [person.userId, person]),
)

/** Returns the person who sent a request. Throws `unauthorized` if nobody is signed in. */
export function personOf(request: Request): Person {
  const { headers } = request
  const cookie = /(?:^|; )person=(\w+)/.exec(headers.get('cookie') ?? '')?.[1]
  const key = /^Bearer key-of-(\w+)$/.exec(headers.get('authorization') ?? '')?.[1]
  const person = people.get(cookie ?? key ?? '')
  if (person === undefined) throw new LlmError('unauthorized', 'nobody is signed in; sign in first')
  return person
}

const SignIn = z.object({ userId: z.string().optional() })

/** Signs a person in, or with an unknown id nobody: stands in for passwords and sessions. */
export async function signIn(request: Request): Promise<Response> {
  const { userId = '' } = SignIn.parse(await request.json())
  const person = people.get(userId)
  const cookie = `person=${person?.userId ?? ''}; HttpOnly; SameSite=Strict; Path=/`
  return Response.json(person ?? {}, { headers: { 'set-cookie': cookie } })
}
