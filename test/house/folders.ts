import type { Sources, Violation } from './sources.ts'

/**
 * Every folder of `src`, on its first two levels, with the one sentence that says what it holds. The lines of
 * `docs/architecture.md` are made from it.
 */
export const folders: Readonly<Record<string, string>> = {
  core: 'The vocabulary of a call: requests, messages, events, responses, errors and the interfaces between folders.',
  'core/fit':
    'What makes a neutral request fit a wire, by rules that are plain data: the schemas of tools and answers.',
  transport: 'Sends an HTTP request and decodes the bytes of its response into frames.',
  'transport/undici': 'The transport on the dispatcher of undici, for Node services.',
  dialects: 'Translators between neutral requests and wire formats, without I/O and without vendor names.',
  'dialects/anthropic-messages': 'The messages format of Anthropic.',
  'dialects/bedrock-converse': 'The converse format of Amazon Bedrock.',
  'dialects/bedrock-invoke': 'The messages format of Anthropic as Amazon Bedrock carries it.',
  'dialects/cohere': 'The chat format of Cohere, version 2.',
  'dialects/embeddings': 'The embedding formats, each an optional part of a dialect.',
  'dialects/gemini': 'The generateContent format of Gemini.',
  'dialects/kobold': 'The text completion format of KoboldCpp.',
  'dialects/ollama': 'The native chat format of Ollama.',
  'dialects/openai-chat': 'The chat completions format, spoken by OpenAI and by most compatible servers.',
  'dialects/openai-chat-tools': 'The same format for providers that run tools themselves.',
  'dialects/openai-responses': 'The Responses format of OpenAI.',
  'dialects/token-counts':
    'The endpoints that count the tokens of a request, each an optional part of a provider.',
  stream:
    'Synchronous transforms over batches of events: normalize, bound, redact, and the stream that callers read.',
  limits:
    'Rate limits and budgets per user, conversation and tenant: buckets, counters, reservations and their stage.',
  queue:
    'The concurrency queue: priorities, rotation between users, slots that processes share, and its stage.',
  resilience:
    'Retry, fallback, circuit breakers, hedging, load balancing and key pools, within one attempt budget.',
  moderation:
    'Checks and redaction of inputs and outputs: rules, personal data, profanity, judges and topics.',
  'moderation/redaction': 'Redaction of whole texts, JSON and streams, by the findings of moderators.',
  'moderation/safe-regex': 'A regular expression engine whose work is linear in the length of the text.',
  tools: 'The tool loop: decides about calls, runs tools, records each step, and asks the model again.',
  templates: 'The sandboxed template engine, prompt templates and the library of bundled prompts.',
  'templates/filters': 'The filters and tests that a template may use.',
  telemetry: 'Loggers for what the library reports: the adapter for pino.',
  protocols: 'The server side of wire formats: readers of request bodies and writers of replies.',
  'protocols/anthropic-messages': 'The messages format of Anthropic, as a server reads and writes it.',
  'protocols/openai-chat': 'The chat completions format, as a server reads and writes it.',
  'protocols/openai-responses': 'The Responses format of OpenAI, as a server reads and writes it.',
  providers: 'One data file per provider: address, authentication, dialect, parameter map and models.',
  'providers/catalogue': 'The list of every built-in provider, one line each.',
  'providers/options': 'Fields and tools of single providers that the neutral request does not name.',
  models:
    'Facts of models with their sources: limits, modalities, reasoning, prices; and own facts over them.',
  exchange: 'One attempt: endpoint, authentication, sending, time-outs and the response stream.',
  orchestrator: 'Composes the stages around an exchange, and closes what it opened.',
  prompts: 'Personas, placeholders, context composition and the chat dictionary.',
  'prompts/dictionary': 'The chat dictionary: entries that replace or add text when their keys match.',
  'prompts/lore':
    'The lore book of a persona: entries of its card that are sent when their keys occur in the conversation.',
  operations: 'One file per kind of call: chat, embeddings, moderation, model lists.',
  agents: 'Agents: instructions, a model, tools and subagents under one name, run by the tool loop.',
  mcp: 'The Model Context Protocol: a client whose tools runs use, and a server that offers tools and agents.',
  conversations: 'Chats that are stored: history, context window, branches, members and the chat service.',
  'conversations/context':
    'Builds the messages of a request from persona, history, summary and context window.',
  'conversations/contract':
    'The requests, results, permissions and options that the parts of the chat service share.',
  'conversations/memory': 'The chat store in memory, which a chat service without another one uses.',
  'conversations/service': 'The chat service: the operations that an application calls.',
  'conversations/storage': 'The store interface, its records, and the rules that every store follows.',
  'conversations/transfer': 'Import, export and transcripts of conversations.',
  'conversations/turn': 'One user message and its answer: planned, run, streamed and written to the store.',
  delivery: 'Carries events to clients: protocols, stream runs, HTTP handlers and the browser client.',
  'delivery/client':
    'The chat client for browsers and Node: state, reconnection, pending messages and snapshots.',
  'delivery/encoders': 'Encoders that write events in the protocol of a client.',
  'delivery/http':
    'Web-standard request handlers: OpenAI-compatible endpoints, chat routes and the Node adapter.',
  'delivery/runs': 'Stream runs: streams that outlive a connection, with a log that readers resume from.',
  persistence: 'Adapters that implement the stores and synchronization interfaces of the other folders.',
  'persistence/files': 'The options of the stores in files.',
  'persistence/postgres': 'The SQL dialect, pool and migrations of Postgres.',
  'persistence/redis': 'Limits, slots, breakers, cooldowns and stream logs in Redis, shared by processes.',
  'persistence/sql': 'The chat store over any SQL dialect.',
  'persistence/sqlite': 'The SQL dialect, driver and migrations of SQLite.',
  testing: 'The fake provider, the fake clock, scripted faults and the contract tests of stores.',
  'testing/contracts': 'The contract tests that every store has to pass.',
  'testing/wires': 'The fake provider in each wire format.',
}

const maxWords = 25

/** Every folder on the first two levels has one sentence of at most 25 words, and every sentence a folder. */
export function checkFolders(
  sources: Sources,
  table: Readonly<Record<string, string>> = folders,
): Violation[] {
  const found = foldersOf(sources)
  const gone = Object.keys(table).filter((folder) => !found.includes(folder))
  return [
    ...found.flatMap((folder) => checkSentence(folder, table[folder])),
    ...gone.map((folder) => `src/${folder}: a sentence for a folder that does not exist; remove it`),
  ]
}

function checkSentence(folder: string, sentence: string | undefined): Violation[] {
  if (sentence === undefined) return [`src/${folder}: no sentence says what it holds; add it to the table`]
  const words = sentence.split(/\s+/).length
  if (words > maxWords) return [`src/${folder}: a sentence of ${words} words, at most ${maxWords}`]
  const sentences = sentence.split(/\.(?:\s|$)/).filter(Boolean).length
  const whole = sentences === 1 && sentence.endsWith('.')
  return whole ? [] : [`src/${folder}: say what it holds in one sentence, with a full stop at its end`]
}

/** The lines of the architecture page, one per folder, in the order of the table. */
export function folderLines(): string[] {
  return Object.entries(folders).map(([folder, sentence]) => `| \`${folder}/\` | ${sentence} |`)
}

/** The rows of the table below a heading, without its head. */
export function tableBelow(heading: string, page: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
}

/** `core`, `dialects`, `dialects/gemini`: each that holds a source, on the first two levels. */
function foldersOf(sources: Sources): string[] {
  const found = [...sources.keys()].flatMap((path) => {
    const [, first, second, third] = path.split('/')
    if (second === undefined) return []
    return third === undefined ? [`${first}`] : [`${first}`, `${first}/${second}`]
  })
  return [...new Set(found)]
}
