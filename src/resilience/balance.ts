/**
 * How calls are distributed over the deployments of one provider. `weighted`: at random by weight · `least-busy`: fewest calls
 * per weight first · `lowest-latency`: of two drawn at random, the one with the lower expected latency.
 */
export type LoadBalancing = 'weighted' | 'least-busy' | 'lowest-latency'

/** One deployment with its weight and current load. */
export interface Deployment {
  readonly id: string
  readonly weight: number
  readonly inFlight: number
  /** Expected latency in ms; 0 if unknown. */
  readonly expectedMs: number
}

/** Returns the deployments in the order in which a call should try them. `random` returns a number from 0 to 1. */
export function chooseDeployment(
  deployments: readonly Deployment[],
  balance: LoadBalancing,
  random: () => number,
): readonly Deployment[] {
  if (deployments.length < 2) return deployments
  const first = pick(deployments, balance, random)
  return [
    first,
    ...chooseDeployment(
      deployments.filter((one) => one !== first),
      balance,
      random,
    ),
  ]
}

function pick(deployments: readonly Deployment[], balance: LoadBalancing, random: () => number): Deployment {
  switch (balance) {
    case 'weighted':
      return drawByWeight(deployments, random)
    case 'least-busy':
      return deployments.reduce((best, one) =>
        one.inFlight / one.weight < best.inFlight / best.weight ? one : best,
      )
    case 'lowest-latency': {
      const one = drawByWeight(deployments, random)
      const two = drawByWeight(
        deployments.filter((other) => other !== one),
        random,
      )
      return loadOf(two) < loadOf(one) ? two : one
    }
  }
}

function loadOf({ expectedMs, inFlight }: Deployment): number {
  return (expectedMs + 1) * (inFlight + 1)
}

function drawByWeight(deployments: readonly Deployment[], random: () => number): Deployment {
  const total = deployments.reduce((sum, { weight }) => sum + weight, 0)
  let left = random() * total
  for (const one of deployments) if ((left -= one.weight) < 0) return one
  return deployments[deployments.length - 1] as Deployment
}
