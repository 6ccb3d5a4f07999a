import type { RequestHead } from './wire.ts'

const PATHS = /\/deployments\/([^/]+)\/|\/([^/:]+):(?:rawPredict|streamRawPredict)$/

/** Returns the model of a request whose path names it, as those of deployments do. */
export function modelInPath({ path }: RequestHead): string | undefined {
  const [, deployment, model] = PATHS.exec(path) ?? []
  const found = deployment ?? model
  return found === undefined ? undefined : decodeURIComponent(found)
}
