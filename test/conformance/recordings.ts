import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EventStreamCodec } from '@smithy/eventstream-codec'
import { fromUtf8, toUtf8 } from '@smithy/util-utf8'

/** What a recording says the answer is. See the README beside the recordings. */
export interface Expected {
  readonly text?: string
  readonly reasoning?: string
  readonly toolCalls?: readonly { readonly name: string; readonly args: unknown }[]
  readonly finishReason?: readonly string[]
  readonly usage?: Readonly<Record<string, unknown>>
  readonly refusal?: string
  readonly mayError?: boolean
  readonly error?: { readonly status: number | null; readonly message: string; readonly inStream?: boolean }
  readonly embedding?: {
    readonly count: number
    readonly dims?: number | null
    readonly first?: readonly number[] | string | null
    readonly usage?: { readonly input?: number }
  }
}

/** One recorded answer of a real provider. */
export interface Recording {
  readonly name: string
  readonly dialect: string
  readonly provider: string
  readonly model: string
  readonly kind: 'json' | 'stream' | 'error'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly expected: Expected
  readonly notCompared: readonly string[]
  readonly body: Uint8Array
  readonly framing: 'sse' | 'ndjson' | 'aws-event-stream'
}

/** The folder that holds the recordings, or `undefined` with nothing there. They are never part of this project. */
export function recordingsFolder(): string | undefined {
  const folder = resolve(
    process.env['WIRE_FIXTURES'] ?? join(import.meta.dirname, '../../../shared/fixtures'),
  )
  return existsSync(folder) ? folder : undefined
}

/** Every recording of the dialects. */
export function readRecordings(folder: string, dialects: readonly string[]): Recording[] {
  return dialects.flatMap((dialect) =>
    readdirSync(join(folder, dialect)).flatMap((provider) => {
      const place = join(folder, dialect, provider)
      const names = readdirSync(place).filter((name) => name.endsWith('.expected.json'))
      return names.map((name) => readRecording(place, name, `${dialect}/${provider}`))
    }),
  )
}

interface Sidecar {
  readonly dialect: string
  readonly provider: string
  readonly model: string
  readonly kind: Recording['kind']
  readonly file: string
  readonly status: number
  readonly responseHeaders?: Record<string, string>
  readonly expected: Expected
  readonly notCompared?: readonly string[]
}

function readRecording(place: string, sidecarName: string, lead: string): Recording {
  const sidecar = JSON.parse(readFileSync(join(place, sidecarName), 'utf8')) as Sidecar
  const raw = readFileSync(join(place, sidecar.file))
  const framing =
    sidecar.file.endsWith('.ndjson') || sidecar.dialect === 'ollama-chat'
      ? 'ndjson'
      : sidecar.dialect.startsWith('bedrock')
        ? 'aws-event-stream'
        : 'sse'
  return {
    name: `${lead}/${sidecar.file}`,
    dialect: sidecar.dialect,
    provider: sidecar.provider,
    model: sidecar.model ?? 'some-model',
    kind: sidecar.kind,
    status: sidecar.status ?? 200,
    headers: {
      'content-type': sidecar.kind === 'stream' ? 'text/event-stream' : 'application/json',
      ...sidecar.responseHeaders,
    },
    expected: sidecar.expected,
    notCompared: sidecar.notCompared ?? [],
    body: bodyOf(raw, sidecar),
    framing,
  }
}

function bodyOf(raw: Buffer, { file, dialect }: Sidecar): Uint8Array {
  if (file.endsWith('.b64')) return Buffer.from(raw.toString('latin1'), 'base64')
  return file.endsWith('.chunks.txt') ? framed(raw.toString('utf8'), dialect) : raw
}

// Chunk files hold one JSON chunk a line: on the wire each is a frame.
function framed(text: string, dialect: string): Uint8Array {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (dialect === 'bedrock-converse') return Buffer.concat(lines.map(eventFrame))
  const frame = (line: string): string => {
    if (dialect === 'openai-chat') return `data: ${line}\n\n`
    if (dialect === 'gemini') return `data: ${line}\r\n\r\n`
    if (dialect === 'ollama-chat') return `${line}\n`
    return `event: ${(JSON.parse(line) as { type: string }).type}\ndata: ${line}\n\n`
  }
  const done = dialect === 'openai-chat' || dialect === 'cohere-v2' ? 'data: [DONE]\n\n' : ''
  return new TextEncoder().encode(lines.map(frame).join('') + done)
}

// `{"<event type>": payload}` as one message of an AWS event stream.
function eventFrame(line: string): Uint8Array {
  const [[type, payload] = ['', {}]] = Object.entries(JSON.parse(line) as Record<string, unknown>)
  const text = (value: string) => ({ type: 'string', value }) as const
  const headers = {
    ':event-type': text(type),
    ':content-type': text('application/json'),
    ':message-type': text('event'),
  }
  return new EventStreamCodec(toUtf8, fromUtf8).encode({ headers, body: fromUtf8(JSON.stringify(payload)) })
}
