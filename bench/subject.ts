/** One way to talk to a provider, as its users write it. */
export interface Subject {
  /** A call that is not streamed; gives the answer's text. */
  call(): Promise<string>
  /** A streamed call: `onText` gets every piece of text. Ends with the stream, or when `signal` is aborted. */
  stream(how: StreamHow): Promise<void>
}

export interface StreamHow {
  /** Base URL with its version part. */
  readonly baseUrl: string
  readonly onText: (text: string) => void
  readonly signal?: AbortSignal | undefined
}

/** Makes a subject that calls under `baseUrl` where it does not stream. */
export type SubjectFactory = (baseUrl: string) => Subject

export interface SubjectEntry {
  readonly id: SubjectId
  readonly title: string
  /** Loads the subject and what it needs; nothing of the others. */
  load(): Promise<{ readonly create: SubjectFactory }>
}

export type SubjectId = 'hand' | 'fetch' | 'undici' | 'guarded-fetch' | 'guarded-undici' | 'openai' | 'ai-sdk'

/** Everything that is measured; the first is what the ratios stand on. */
export const subjects: readonly SubjectEntry[] = [
  { id: 'hand', title: 'hand loop: fetch + eventsource-parser', load: () => import('./subjects/hand.ts') },
  { id: 'fetch', title: 'llm-switchyard on fetch', load: () => import('./subjects/switchyard-fetch.ts') },
  { id: 'undici', title: 'llm-switchyard on undici', load: () => import('./subjects/switchyard-undici.ts') },
  {
    id: 'guarded-fetch',
    title: 'llm-switchyard on fetch, everything on',
    load: () => import('./subjects/guarded-fetch.ts'),
  },
  {
    id: 'guarded-undici',
    title: 'llm-switchyard on undici, everything on',
    load: () => import('./subjects/guarded-undici.ts'),
  },
  { id: 'openai', title: 'openai', load: () => import('./subjects/openai.ts') },
  { id: 'ai-sdk', title: 'ai + @ai-sdk/openai-compatible', load: () => import('./subjects/ai-sdk.ts') },
]
