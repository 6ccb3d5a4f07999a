/** Lets real time pass: a server and other processes have no clock that a test could set. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export { until } from '../../patience.ts'
