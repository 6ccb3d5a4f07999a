/** Lets real time pass: a server and other processes have no clock that a test could set. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits for what will be so shortly; fails where it is still not so after `withinMs`. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`still not so after ${withinMs} ms: ${String(holds)}`)
    await pause(10)
  }
}
