import { createChatService } from '../../src/conversations/index.ts'
import { chatServiceSchema } from '../../src/conversations/contract/index.ts'
import { plainSseSchema } from '../../src/delivery/encoders/plain-sse.ts'
import {
  anthropicMessagesEncoder,
  createChatHandler,
  createOpenAIHandler,
  createRunHub,
  memoryStreamLog,
  openaiChatEncoder,
  openaiResponsesEncoder,
  plainSseEncoder,
  plainTextEncoder,
  streamingBody,
  toNodeHandler,
  uiMessageEncoder,
} from '../../src/delivery/http/index.ts'
import { chatHandlerSchema } from '../../src/delivery/http/chat-handler/options.ts'
import { csrfTokenSchema } from '../../src/delivery/http/guards/index.ts'
import { modelTargetSchema, openaiHandlerSchema } from '../../src/delivery/http/handler-options.ts'
import { nodeHandlerSchema } from '../../src/delivery/http/node-handler.ts'
import { streamingBodySchema } from '../../src/delivery/http/streaming-body.ts'
import { runHubSchema } from '../../src/delivery/runs/hub.ts'
import { memoryLogSchema } from '../../src/delivery/runs/memory-log.ts'
import { createOrchestrator } from '../../src/index.ts'
import { chatDictionarySchema } from '../../src/prompts/dictionary/chat-dictionary.ts'
import { dictionaryLibrarySchema } from '../../src/prompts/dictionary/dictionary-library.ts'
import { promptComposerSchema } from '../../src/prompts/composer.ts'
import { contextPromptSchema, contextResolverSchema } from '../../src/prompts/context-resolver.ts'
import {
  createChatDictionary,
  createContextResolver,
  createDictionaryLibrary,
  createMemoryDictionaryStore,
  createMemoryPersonaStore,
  createMessagePipeline,
  createPersonaLibrary,
  createPromptComposer,
  definePersona,
} from '../../src/prompts/index.ts'
import { messagePipelineSchema } from '../../src/prompts/message-pipeline.ts'
import { personaLibrarySchema } from '../../src/prompts/persona-library.ts'
import { personaSchema } from '../../src/prompts/persona.ts'
import { encoderSchema } from '../../src/protocols/index.ts'
import { openaiChatSchema } from '../../src/protocols/openai-chat/encoder.ts'
import { renderSchema, templateEngineSchema, templateSchema } from '../../src/templates/engine.ts'
import {
  compileTemplate,
  createPromptLibrary,
  createTemplateEngine,
  createTemplatePool,
  renderTemplate,
} from '../../src/templates/index.ts'
import { templatePoolSchema } from '../../src/templates/pool.ts'
import { promptLibrarySchema } from '../../src/templates/prompt-library.ts'
import { fakeClockSchema } from '../../src/testing/fake-clock.ts'
import { fakeFetchSchema } from '../../src/testing/fake-fetch.ts'
import { fakeProviderSchema } from '../../src/testing/fake-provider.ts'
import {
  createFakeClock,
  createFakeProvider,
  fakeFetch,
  mswHandlers,
  script,
} from '../../src/testing/index.ts'
import { mswSchema } from '../../src/testing/msw.ts'
import { replySchema } from '../../src/testing/reply.ts'
import type { Group } from '../../src/core/schema.ts'

/** A public function that takes options. */
export interface Factory {
  /** What its errors begin with. */
  readonly name: string
  readonly schema: Group
  /** Calls the function with these options and valid required ones. May return a promise. */
  readonly make: (options: never) => unknown
  /** Path of `schema` in the options. Default: the options themselves. */
  readonly lead?: string
}

const orchestrator = createOrchestrator({})
const open = { authorize: 'open' } as const
const msw = { http: { all: () => ({}) } }

function handlerFactories(): Factory[] {
  const openai = (options: object): unknown => createOpenAIHandler(orchestrator, { ...open, ...options })
  // Some options need a chat service.
  const chats = createChatService({ orchestrator })
  const chat = (options: object): unknown =>
    createChatHandler(chats, { authorize: () => ({ userId: 'ada' }), ...options })
  return [
    { name: 'createOpenAIHandler', schema: openaiHandlerSchema, make: openai },
    {
      name: 'createOpenAIHandler',
      schema: modelTargetSchema,
      make: (fast) => openai({ models: { fast } }),
      lead: 'models.fast',
    },
    { name: 'createOpenAIHandler', schema: csrfTokenSchema, make: (csrf) => openai({ csrf }), lead: 'csrf' },
    { name: 'createChatHandler', schema: chatHandlerSchema, make: chat },
    { name: 'createChatHandler', schema: csrfTokenSchema, make: (csrf) => chat({ csrf }), lead: 'csrf' },
    { name: 'createRunHub', schema: runHubSchema, make: (options) => createRunHub(options) },
    { name: 'memoryStreamLog', schema: memoryLogSchema, make: (options) => memoryStreamLog(options) },
    {
      name: 'toNodeHandler',
      schema: nodeHandlerSchema,
      make: (options) => toNodeHandler(() => new Response(), options),
    },
    {
      name: 'streamingBody',
      schema: streamingBodySchema,
      make: (options) => streamingBody(new Promise<never>(() => undefined), plainTextEncoder(), options),
    },
  ]
}

function encoderFactories(): Factory[] {
  const facts = (options: object): { createdMs: number } => ({ createdMs: 0, ...options })
  return [
    { name: 'plainSseEncoder', schema: plainSseSchema, make: (given) => plainSseEncoder(facts(given)) },
    { name: 'uiMessageEncoder', schema: encoderSchema, make: (given) => uiMessageEncoder(facts(given)) },
    { name: 'openaiChatEncoder', schema: openaiChatSchema, make: (given) => openaiChatEncoder(facts(given)) },
    {
      name: 'openaiResponsesEncoder',
      schema: encoderSchema,
      make: (given) => openaiResponsesEncoder(facts(given)),
    },
    {
      name: 'anthropicMessagesEncoder',
      schema: encoderSchema,
      make: (given) => anthropicMessagesEncoder(facts(given)),
    },
  ]
}

function promptFactories(): Factory[] {
  const personas = createMemoryPersonaStore()
  const dictionaries = createMemoryDictionaryStore()
  return [
    {
      name: 'createPromptComposer',
      schema: promptComposerSchema,
      make: (options) => createPromptComposer(options),
    },
    {
      name: 'createPersonaLibrary',
      schema: personaLibrarySchema,
      make: (options: object) => createPersonaLibrary({ store: personas, ...options }),
    },
    {
      name: 'definePersona',
      schema: personaSchema,
      make: (input: object) => definePersona({ name: 'Ada', ...input }),
    },
    {
      name: 'createContextResolver',
      schema: contextResolverSchema,
      make: (options) => createContextResolver(options),
    },
    {
      name: 'createContextResolver',
      schema: contextPromptSchema,
      make: (chess) => createContextResolver({ contexts: { chess } }),
      lead: 'contexts.chess',
    },
    {
      name: 'createMessagePipeline',
      schema: messagePipelineSchema,
      make: ({ steps }: { steps: never }) => createMessagePipeline(steps),
    },
    {
      name: 'createChatDictionary',
      schema: chatDictionarySchema,
      make: (options: object) => createChatDictionary({ entries: [], ...options }),
    },
    {
      name: 'createDictionaryLibrary',
      schema: dictionaryLibrarySchema,
      make: (options: object) => createDictionaryLibrary({ store: dictionaries, ...options }),
    },
  ]
}

function templateFactories(): Factory[] {
  return [
    {
      name: 'createPromptLibrary',
      schema: promptLibrarySchema,
      make: (options) => createPromptLibrary(options),
    },
    {
      name: 'createTemplateEngine',
      schema: templateEngineSchema,
      make: (options) => createTemplateEngine(options),
    },
    {
      name: 'createTemplatePool',
      schema: templatePoolSchema,
      make: (options) => createTemplatePool(options),
    },
    {
      name: 'renderTemplate',
      schema: templateSchema,
      make: (options) => renderTemplate('text', {}, options),
    },
    { name: 'compileTemplate', schema: templateSchema, make: (options) => compileTemplate('text', options) },
    {
      name: 'Template.render',
      schema: renderSchema,
      make: (options) => compileTemplate('text').render({}, options),
    },
  ]
}

function testingFactories(): Factory[] {
  return [
    {
      name: 'createFakeProvider',
      schema: fakeProviderSchema,
      make: (options) => createFakeProvider(options),
    },
    { name: 'fakeFetch', schema: fakeFetchSchema, make: (options) => fakeFetch('Hello', options) },
    {
      name: 'mswHandlers',
      schema: mswSchema,
      make: (options: object) => mswHandlers('Hello', { msw, ...options }),
    },
    { name: 'createFakeClock', schema: fakeClockSchema, make: (options) => createFakeClock(options) },
    { name: 'fake provider', schema: replySchema, make: (reply) => script(reply), lead: 'script' },
  ]
}

/** Handlers, hubs, encoders, chat service, prompts, templates and fakes. */
export const deliveryFactories: readonly Factory[] = [
  ...handlerFactories(),
  ...encoderFactories(),
  {
    name: 'createChatService',
    schema: chatServiceSchema,
    make: (options: object) => createChatService({ orchestrator, ...options }),
  },
  ...promptFactories(),
  ...templateFactories(),
  ...testingFactories(),
]
