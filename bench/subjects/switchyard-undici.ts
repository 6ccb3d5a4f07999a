import { createUndiciTransport } from 'llm-switchyard/undici'
import type { Subject } from '../subject.ts'
import { createSwitchyard } from './switchyard.ts'

/** The bare call on the transport for Node services. */
export function create(baseUrl: string): Subject {
  return createSwitchyard(baseUrl, createUndiciTransport())
}
