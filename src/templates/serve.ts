import { argument, checkArguments } from '../core/check-arguments.ts'
import { LlmError } from '../core/error.ts'
import { createTemplateEngine, type TemplateOptions } from './engine.ts'

/** A message to a template process: one template to render. */
export interface RenderJob {
  readonly id: number
  readonly source: string
  readonly data: unknown
  readonly options: TemplateOptions
}

/** A message from a template process: the text or the error. The first one has no id and reports readiness. */
export interface RenderReply {
  readonly id?: number | undefined
  readonly text?: string | undefined
  readonly error?: string | undefined
}

/** The IPC channel of the process. */
interface Channel {
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'disconnect', listener: () => void): unknown
  send?: ((message: object) => boolean) | undefined
  exit(code?: number): void
}

/**
 * Serves a template pool inside a child process: renders templates from the IPC channel until the parent process ends.
 * A pool calls it on its own. Call it only in the module that you pass as `module` to `createTemplatePool`.
 */
export function serveTemplates(channel: Channel = process): void {
  checkArguments('serveTemplates', { on: argument.function, exit: argument.function }, channel)
  const engine = createTemplateEngine()
  // A parent that was killed sends no message, but its channel closes.
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
    return { error: LlmError.is(error) ? error.message : 'Template: rendering failed' }
  }
}
