import { readFile } from 'node:fs/promises'
import type { MessageInput, Orchestrator } from 'llm-switchyard'
import {
  createChatDictionary,
  createMemoryPersonaStore,
  createPersonaLibrary,
  createPromptComposer,
  greetingOf,
  fillPlaceholders,
  mapResponseText,
  parseDictionaryText,
} from 'llm-switchyard/prompts'
import { createPromptLibrary } from 'llm-switchyard/templates'

/** Template of the system instructions. The persona's own come first. */
const template = {
  name: 'harbour',
  system: `{{ character_system_prompt }}
{{ personality|capitalize }}. {{ scenario }}
{%- if weather %}
Weather: {{ weather.sky }}{% for warning in weather.warnings %}; warning of {{ warning }}{% endfor %}.
{%- endif %}`,
}

/** Options of {@link openChat}. */
export interface PersonaChatOptions {
  readonly orchestrator: Orchestrator
  readonly model: string
  readonly user: string
  /** Called with every text delta of an answer. */
  readonly write: (text: string) => void
}

/** A chat with one persona. */
export interface PersonaChat {
  readonly greeting: string
  /** Sends a user message and resolves to the answer. Rejects with an `LlmError`; the history is then unchanged. */
  say(text: string): Promise<string>
  readonly history: readonly MessageInput[]
}

/** Reads the persona card and the lore beside this file and starts a chat. */
export async function openChat({
  orchestrator,
  model,
  user,
  write,
}: PersonaChatOptions): Promise<PersonaChat> {
  const personas = createPersonaLibrary({ store: createMemoryPersonaStore() })
  await personas.import(await readFile(new URL('keeper.json', import.meta.url), 'utf8'))
  const { persona } = await personas.find('Maren')

  const lore = parseDictionaryText(await readFile(new URL('lore.md', import.meta.url), 'utf8'))
  // The first dictionary explains terms in user messages; the second one sets the spelling of answers.
  const before = createChatDictionary({ entries: lore.entries })
  const after = createChatDictionary({ entries: [{ key: 'grey', content: 'gray' }] })
  const composer = createPromptComposer({ library: createPromptLibrary({ templates: [template] }) })
  const data = { weather: { sky: 'fog', warnings: ['gales'] } }

  const greeting = fillPlaceholders(greetingOf(persona), { char: persona.name, user })
  const history: MessageInput[] = [{ role: 'assistant', content: greeting }]
  return {
    greeting,
    history,
    say: async (text) => {
      const message: MessageInput = { role: 'user', content: (await before.apply(text)).text }
      const { system, messages } = await composer.compose({
        messages: [...history, message],
        persona,
        template: template.name,
        data,
        user,
        examples: true,
      })
      const stream = await orchestrator.chatApiCall({ model, system, messages, userId: user, stream: true })
      for await (const event of stream) if (event.type === 'text-delta') write(event.text)
      const answer = await mapResponseText(
        await stream.response,
        async (part) => (await after.apply(part)).text,
      )
      history.push(message, answer.message)
      return answer.text
    },
  }
}
