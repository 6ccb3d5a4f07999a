import type { Issue } from './error.ts'

/** What is read of an issue of zod. */
interface ZodIssue {
  readonly path: readonly PropertyKey[]
  readonly message: string
  /** Of a union: the issues of each branch. */
  readonly errors?: readonly (readonly ZodIssue[])[] | undefined
}

/** The issues behind one of zod, with `lead` before their paths. */
export function issuesOf(issue: ZodIssue, lead: string): Issue[] {
  const path = join(lead, issue.path)
  // Of a union, the branch that came furthest says most, and of several the one with the fewest issues.
  const branches = issue.errors?.filter((errors) => errors.length > 0) ?? []
  const best = branches.toSorted((a, b) => depthOf(b) - depthOf(a) || a.length - b.length)[0]
  if (best === undefined || depthOf(best) === 0) return [{ path, message: issue.message }]
  return best.flatMap((inner) => issuesOf(inner, path))
}

function join(lead: string, path: readonly PropertyKey[]): string {
  return [...(lead === '' ? [] : [lead]), ...path.map(String)].join('.')
}

function depthOf(issues: readonly ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length))
}
