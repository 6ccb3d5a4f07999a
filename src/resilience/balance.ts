/** How calls are shared out among the deployments of one provider. */
export type LoadBalancing = 'weighted' | 'least-busy' | 'lowest-latency'

/** One deployment and what is known of it. */
export interface Deployment {
  readonly id: string
  readonly weight: number
  readonly inFlight: number
  /** 0 where nothing is known. */
  readonly expectedMs: number
}

/**
 * Puts deployments in the order in which they should be tried. `weighted`: at random by weight · `least-busy`: fewest
 * calls per weight first · `lowest-latency`: of two drawn at random the one that will answer sooner. `random` gives 0 to 1.
 */
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
