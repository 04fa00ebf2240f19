// Original file: coordinator.proto

import type { MemberInput as _ppo_v1_MemberInput, Member as _ppo_v1_Member } from '../../ppo/v1/Member.ts';

export interface RegisterRequestInput {
  'member'?: (_ppo_v1_MemberInput | null);
  /**
   * Highest membership epoch this process has seen (0 at its start), so that a restarted coordinator goes above it.
   */
  'lastEpoch'?: (number);
}

export interface RegisterRequest {
  'member': (_ppo_v1_Member | null);
  /**
   * Highest membership epoch this process has seen (0 at its start), so that a restarted coordinator goes above it.
   */
  'lastEpoch': (number);
}
