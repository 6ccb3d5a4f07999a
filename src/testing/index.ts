export { chatStoreLaws, type ChatStoreLaw } from './contracts/index.ts'
export { runStoreLaws, type RunStoreLaw } from './contracts/index.ts'
export { dictionaryStoreLaws, type DictionaryStoreLaw } from './contracts/index.ts'
export { personaStoreLaws, type PersonaStoreLaw } from './contracts/index.ts'
export { limitStoreLaws, type LimitStoreLaw, type LimitStoreUnderTest } from './contracts/index.ts'
export { createFakeProvider, type FakeProvider, type FakeProviderOptions } from './fake-provider.ts'
export { fakeFetch, type FakeFetch } from './fake-fetch.ts'
export { mswHandlers, type Msw, type MswHandlersOptions } from './msw.ts'
export { createFakeClock, type FakeClock, type FakeClockOptions } from './fake-clock.ts'
export { dialogue, type DialogueTurn } from './dialogue.ts'
export { script, type FakeScript, type ScriptedReply } from './script.ts'
export type { Chaos, Place } from './chaos.ts'
export type { FakeError, ProviderErrorKind } from './fake-error.ts'
export type { FakeRequestLog } from './request-log.ts'
export type { FakeReasoning, FakeReply, FakeToolCall, Pacing, ToolDeltas } from './reply.ts'
export type {
  FakeRequest,
  ReceivedMedia,
  ReceivedSettings,
  ReceivedTool,
  ReceivedToolCall,
  ReceivedToolResult,
  ReceivedMessage,
} from './request.ts'
export type { FakeOptions } from './responder.ts'
export { createCassette, type Cassette, type CassetteOptions } from './cassette.ts'
export { toolHarness, type HarnessResult, type ToolHarness, type ToolHarnessOptions } from './tool-harness.ts'
