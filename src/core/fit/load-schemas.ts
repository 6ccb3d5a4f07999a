import { lazy } from '../lazy.ts'
import type { ResolvedSettings } from '../resolved-settings.ts'
import type * as module from './schemas.ts'

/** The functions that fit schemas to wires, and values back to the schemas. */
export type Schemas = typeof module

/** Loads the functions about schemas, which only requests with tools or a format need. */
export const loadSchemas: () => Schemas | Promise<Schemas> = lazy(() => import('./schemas.ts'))

/** Whether a request with these settings has a schema, may get one, or limits its tools to some. */
export function hasSchemas({ tools, responseFormat, toolChoice }: ResolvedSettings): boolean {
  return tools !== undefined || responseFormat?.type === 'json' || typeof toolChoice === 'object'
}
