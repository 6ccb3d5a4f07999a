type StackCapture = (holder: object, above: (error: unknown) => unknown) => void

/**
 * Appends to the stack of an error the frames of the code that awaits the function in which this is called. Returns the
 * error. Called in the `catch` of a public async function, because an engine keeps ten frames of a stack, and most are
 * those of stages. The frames are captured here and put into words only when the stack is read.
 */
export function withCallerFrames(error: unknown): unknown {
  const capture = (Error as { readonly captureStackTrace?: StackCapture }).captureStackTrace
  if (capture === undefined || !(error instanceof Error) || !Object.isExtensible(error)) return error
  const caller: { stack?: string } = {}
  capture(caller, withCallerFrames)
  const own = Object.getOwnPropertyDescriptor(error, 'stack')
  if (own?.configurable !== true) return error
  const read = (): unknown => (own.get === undefined ? own.value : (own.get.call(error) as unknown))
  Object.defineProperty(error, 'stack', {
    configurable: true,
    enumerable: false,
    get: () => joinStacks(read(), caller.stack),
    set: (stack: unknown) => {
      Object.defineProperty(error, 'stack', { value: stack, writable: true })
    },
  })
  return error
}

function joinStacks(stack: unknown, caller = ''): unknown {
  if (typeof stack !== 'string') return stack
  const known = new Set(stack.split('\n').map((line) => line.trim()))
  // The first line is a header, the second the function that calls.
  const frames = caller.split('\n').slice(2)
  return [stack, ...frames.filter((line) => !known.has(line.trim()))].join('\n')
}
