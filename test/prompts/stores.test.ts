import { describe, test } from 'vitest'
import { createMemoryDictionaryStore, createMemoryPersonaStore } from 'llm-switchyard/prompts'
import { dictionaryStoreLaws, personaStoreLaws } from 'llm-switchyard/testing'

describe('the memory store of personas', () => {
  test.each(personaStoreLaws)('$name', ({ check }) => check(() => createMemoryPersonaStore()))
})

describe('the memory store of dictionaries', () => {
  test.each(dictionaryStoreLaws)('$name', ({ check }) => check(() => createMemoryDictionaryStore()))
})
