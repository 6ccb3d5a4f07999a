import { createUndiciTransport } from 'llm-switchyard/undici'
import type { Subject } from '../subject.ts'
import { createGuarded } from './switchyard.ts'

/** Everything on, on the transport for Node services. */
export function create(baseUrl: string): Subject {
  return createGuarded(baseUrl, createUndiciTransport())
}
