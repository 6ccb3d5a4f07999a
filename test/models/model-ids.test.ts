import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type {
  ChatRequest,
  KnownModel,
  KnownProvider,
  ModelId,
  ProviderId,
  TypedRequest,
} from 'llm-switchyard'
import { expect, expectTypeOf, test } from 'vitest'
import { root } from '../../scripts/entries.ts'
import { modelIdsSource } from '../../scripts/model-ids.ts'

const source = readFileSync(join(root, 'src/core/model-ids.ts'), 'utf8')

test('the ids are those of the catalogue and of the table of models', () => {
  expect(source, 'run `node scripts/model-ids.ts`').toBe(modelIdsSource())
})

test('the ids are small enough for every reader of our types', () => {
  expect(source.length).toBeLessThan(20_000)
})

test('requests with other fields can be made of requests', () => {
  const made = <R extends ChatRequest>(request: R, target: { model: ModelId; provider: ProviderId }) => ({
    ...request,
    ...target,
  })
  expect(made({ messages: [] }, { model: 'xai/grok-4', provider: 'xai' })).toMatchObject({ provider: 'xai' })
})

test('known ids are offered, and others accepted', () => {
  expectTypeOf<'openai'>().toExtend<KnownProvider>()
  expectTypeOf<'opnai'>().not.toExtend<KnownProvider>()
  expectTypeOf<'anthropic/claude-haiku-4-5'>().toExtend<KnownModel>()
  expectTypeOf<'anthropic/claude-haiku-4.5'>().not.toExtend<KnownModel>()
  expectTypeOf<string>().toExtend<ProviderId>()
  expectTypeOf<string>().toExtend<ModelId>()
  expectTypeOf<ChatRequest['provider']>().toEqualTypeOf<ProviderId | undefined>()
  expectTypeOf<TypedRequest<[], undefined, false>['model']>().toEqualTypeOf<ModelId | undefined>()
})
