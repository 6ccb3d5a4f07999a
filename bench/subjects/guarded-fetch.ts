import type { Subject } from '../subject.ts'
import { createGuarded } from './switchyard.ts'

/** Everything on, on `fetch`. */
export function create(baseUrl: string): Subject {
  return createGuarded(baseUrl)
}
