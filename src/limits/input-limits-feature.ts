import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Feature } from '../core/feature.ts'
import { checkOptions } from '../core/options.ts'
import type { Message } from '../core/message.ts'
import type { ChatRequest } from '../core/request.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { MessageReview } from '../core/review.ts'
import { stageOrder, type Next, type Stage } from '../core/stage.ts'
import { checkInputLimits, checkMessageLimits } from './check-input-limits.ts'
import { inputLimitsSchema, readInputLimits, type InputLimits } from './input-limits.ts'

/**
 * Rejects chat requests beyond these limits with `invalid-request`, before any other stage. `true` means
 * {@link defaultInputLimits}. Throws `misconfigured` if a limit is not valid.
 */
export function inputLimits(options: true | Partial<InputLimits> = true): Feature {
  if (options !== true) checkOptions('inputLimits', inputLimitsSchema, options)
  const limits = readInputLimits(options)
  const review = async ({ messages, requestId }: MessageReview): Promise<readonly Message[]> => {
    named(requestId, () => checkMessageLimits(messages, limits))
    return messages
  }
  return { name: 'input-limits', mount: () => ({ stages: [new InputLimitsStage(limits)], review }) }
}

class InputLimitsStage implements Stage {
  readonly name = 'input-limits'
  readonly at = 'call'
  readonly order = stageOrder.inputLimits
  readonly endsWithCall = true
  readonly #limits: InputLimits

  constructor(limits: InputLimits) {
    this.#limits = limits
  }

  run(call: Call, next: Next): Promise<ResponseStream> {
    if (call.operation === 'chat') this.#check(call)
    return next(call)
  }

  #check({ request, messages, settings, requestId }: Call): void {
    named(requestId, () =>
      checkInputLimits({ request: request as ChatRequest, messages, settings }, this.#limits),
    )
  }
}

function named(requestId: string, check: () => void): void {
  try {
    check()
  } catch (error) {
    throw LlmError.is(error) ? error.with({ requestId }) : error
  }
}
