// Original file: coordinator.proto

import type { MemberInput as _ppo_v1_MemberInput, Member as _ppo_v1_Member } from '../../ppo/v1/Member.ts';

export interface RegisterReplyInput {
  'epoch'?: (number);
  'complete'?: (boolean);
  'members'?: (_ppo_v1_MemberInput)[];
}

export interface RegisterReply {
  'epoch': (number);
  'complete': (boolean);
  'members': (_ppo_v1_Member)[];
}
