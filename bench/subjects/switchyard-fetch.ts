import type { Subject } from '../subject.ts'
import { createSwitchyard } from './switchyard.ts'

/** The bare call as it comes. */
export function create(baseUrl: string): Subject {
  return createSwitchyard(baseUrl)
}
