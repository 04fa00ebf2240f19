/**
 * Rules between the fields that say where pods go: gang, queue, packing, shared pods and their devices. Knows no
 * scheduler's objects.
 */
import type { CrossCheck } from './cross-checks.ts';
import { SHARED_ROLES } from './names.ts';
import type { PPOJobSpec } from './ppojob.ts';
import { describeValue } from './problems.ts';

type SharedRole = (typeof SHARED_ROLES)[number];

const IS_COLOCATED = "self.placement.mode == 'Colocated'";

const kueueNeedsQueue: CrossCheck = {
  fields: ['scheduling.gang', 'scheduling.queue'],
  cel: {
    rule: "self.scheduling.gang != 'Kueue' || has(self.scheduling.queue)",
    message: 'needs scheduling.queue if it is Kueue: the LocalQueue that admits the pods',
  },
  check({ scheduling }) {
    if (scheduling.gang !== 'Kueue' || scheduling.queue !== undefined) return null;
    return {
      found: describeValue(scheduling.gang),
      rule: 'needs scheduling.queue if it is Kueue: the LocalQueue that admits the pods',
      remedy: "add scheduling.queue, the name of a LocalQueue in the job's namespace",
    };
  },
};

const queueHasReader: CrossCheck = {
  fields: ['scheduling.queue', 'scheduling.gang'],
  cel: {
    rule: "!has(self.scheduling.queue) || self.scheduling.gang in ['Volcano', 'Kueue']",
    message: 'needs scheduling.gang Volcano or Kueue: the others have no queues',
  },
  check({ scheduling }) {
    if (scheduling.queue === undefined || ['Volcano', 'Kueue'].includes(scheduling.gang)) return null;
    return {
      found: describeValue(scheduling.queue),
      rule: `needs scheduling.gang Volcano or Kueue: the others have no queues, and it is ${scheduling.gang}`,
      remedy: 'set scheduling.gang to the one that the queue belongs to, or remove the queue',
    };
  },
};

const elasticWithinReplicas: CrossCheck = {
  fields: ['scheduling.minGenerationReplicas', 'roles.generation.replicas'],
  cel: {
    rule:
      '!has(self.scheduling.minGenerationReplicas) || ' +
      'self.scheduling.minGenerationReplicas <= self.roles.generation.replicas',
    message: 'must be at most roles.generation.replicas: the job waits for this many',
  },
  check({ scheduling, roles }) {
    const { minGenerationReplicas } = scheduling;
    const { replicas } = roles.generation;
    if (minGenerationReplicas === undefined || minGenerationReplicas <= replicas) return null;
    return {
      found: describeValue(minGenerationReplicas),
      rule: `must be at most roles.generation.replicas = ${replicas}: the job waits for this many`,
      remedy: `use at most ${replicas}, or more generation replicas`,
    };
  },
};

/** Which jobs may say how much of them is all or none: `needs` must, `allows` may. */
const elasticFitsGang: CrossCheck = {
  fields: ['scheduling.minGenerationReplicas', 'scheduling.gang', 'placement.mode'],
  cel: {
    rule:
      `has(self.scheduling.minGenerationReplicas) ? self.scheduling.gang != 'None' && !(${IS_COLOCATED}) : ` +
      `self.scheduling.gang != 'Kueue' || ${IS_COLOCATED}`,
    message:
      "must be set if scheduling.gang is Kueue, whose pod groups can't change size, and left out if it is None " +
      'or placement.mode is Colocated',
  },
  check({ scheduling: { minGenerationReplicas, gang }, placement: { mode } }) {
    const found = describeValue(minGenerationReplicas);
    if (minGenerationReplicas === undefined) {
      if (gang !== 'Kueue' || mode === 'Colocated') return null;
      return {
        found,
        rule: "must be set if scheduling.gang is Kueue, whose pod groups can't change size",
        remedy: 'add the number of generation replicas to wait for; the others are admitted one by one',
      };
    }
    if (mode === 'Colocated') {
      return {
        found,
        rule: 'must be left out if placement.mode is Colocated: every pod is needed',
        remedy: 'remove it, or set placement.mode to Disaggregated',
      };
    }
    if (gang !== 'None') return null;
    return {
      found,
      rule: 'must be left out if scheduling.gang is None: every pod is placed by itself',
      remedy: 'remove it, or set scheduling.gang to Auto',
    };
  },
};

const sharedDevicesNeedSharedPods: CrossCheck = {
  fields: ['placement.devices', 'placement.mode'],
  cel: {
    rule: `!has(self.placement.devices) || ${IS_COLOCATED}`,
    message: 'needs placement.mode Colocated: otherwise no roles share a pod',
  },
  check({ placement }) {
    if (placement.devices === undefined || placement.mode === 'Colocated') return null;
    return {
      found: describeValue(placement.devices),
      rule: 'needs placement.mode Colocated: otherwise no roles share a pod',
      remedy: 'move it to the roles that need devices, such as roles.actor.devices, or set placement.mode to Colocated',
    };
  },
};

function sameNumberOfPods(role: Exclude<SharedRole, 'actor'>): CrossCheck {
  const rule = 'must be roles.actor.replicas if placement.mode is Colocated: every pod carries every role once';
  return {
    fields: [`roles.${role}.replicas`, 'roles.actor.replicas', 'placement.mode'],
    cel: { rule: `!(${IS_COLOCATED}) || self.roles.${role}.replicas == self.roles.actor.replicas`, message: rule },
    check({ roles, placement }) {
      const { replicas } = roles.actor;
      if (placement.mode !== 'Colocated' || roles[role].replicas === replicas) return null;
      return {
        found: describeValue(roles[role].replicas),
        rule,
        remedy: `use ${replicas}, or set placement.mode to Disaggregated`,
      };
    },
  };
}

/** Names with a "/" are extended resources; a device plugin hands them to one container, and to no other of the pod. */
function extendedResources({ resources }: PPOJobSpec['roles']['actor']): string[] {
  const names = [...Object.keys(resources?.limits ?? {}), ...Object.keys(resources?.requests ?? {})];
  return [...new Set(names.filter((name) => name.includes('/')))];
}

function noOwnDevices(role: SharedRole): CrossCheck {
  const rule = 'must name no extended resource if placement.mode is Colocated: containers can share nothing but claims';
  const path = `self.roles.${role}.resources`;
  const hasNone = (list: string): string => `(!has(${path}.${list}) || ${path}.${list}.all(name, !name.contains('/')))`;
  return {
    fields: [`roles.${role}.resources`, 'placement.mode'],
    cel: {
      rule: `!(${IS_COLOCATED}) || !has(${path}) || (${hasNone('limits')} && ${hasNone('requests')})`,
      message: rule,
    },
    check({ roles, placement }) {
      const names = extendedResources(roles[role]);
      if (placement.mode !== 'Colocated' || names.length === 0) return null;
      return {
        found: names.join(', '),
        rule,
        remedy: "ask for the pod's devices once, in placement.devices",
      };
    },
  };
}

function noOwnClaim(role: SharedRole): CrossCheck {
  const rule = 'must be left out if placement.mode is Colocated: the roles share the devices of their pod';
  return {
    fields: [`roles.${role}.devices`, 'placement.mode'],
    cel: { rule: `!(${IS_COLOCATED}) || !has(self.roles.${role}.devices)`, message: rule },
    check({ roles, placement }) {
      const { devices } = roles[role];
      if (placement.mode !== 'Colocated' || devices === undefined) return null;
      return { found: describeValue(devices), rule, remedy: 'move it to placement.devices' };
    },
  };
}

export const PLACEMENT_CHECKS: readonly CrossCheck[] = [
  kueueNeedsQueue,
  queueHasReader,
  elasticWithinReplicas,
  elasticFitsGang,
  sharedDevicesNeedSharedPods,
  ...SHARED_ROLES.filter((role) => role !== 'actor').map((role) => sameNumberOfPods(role)),
  ...SHARED_ROLES.map(noOwnDevices),
  ...SHARED_ROLES.map(noOwnClaim),
];
