import { LlmError } from '../core/error.ts'
import { createTemplateEngine, type TemplateOptions } from './engine.ts'

/** What a template process is asked. */
export interface RenderJob {
  readonly id: number
  readonly source: string
  readonly data: unknown
  readonly options: TemplateOptions
}

/** What it answers: the text, or why there is none. The first message, without an id, says that it is ready. */
export interface RenderReply {
  readonly id?: number | undefined
  readonly text?: string | undefined
  readonly error?: string | undefined
}

/** The process's own end of its channel. */
interface Channel {
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
  send?: ((message: object) => boolean) | undefined
  exit(code?: number): void
}

/**
 * Serves a template pool from inside a child process: renders what comes over the channel until its parent is gone.
 * Pools start it by themselves; call it in a module of your own where you give the pool's `module` option.
 */
export function serveTemplates(channel: Channel = process): void {
  const engine = createTemplateEngine()
  // A parent that was killed says no goodbye; its end of the channel does.
  channel.on('disconnect', () => channel.exit(0))
  channel.on('message', (message) => {
    const { id, source, data, options } = message as RenderJob
    channel.send?.({
      id,
      ...answer(() => engine.renderTemplate(source, data, options)),
    } satisfies RenderReply)
  })
  channel.send?.({} satisfies RenderReply)
}

function answer(render: () => string): RenderReply {
  try {
    return { text: render() }
  } catch (error) {
    return { error: LlmError.is(error) ? error.message : 'Template: it could not be rendered' }
  }
}
