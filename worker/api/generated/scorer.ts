import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { ScoreReplyInput as _ppo_v1_ScoreReplyInput, ScoreReply as _ppo_v1_ScoreReply } from './ppo/v1/ScoreReply.ts';
import type { ScoreRequestInput as _ppo_v1_ScoreRequestInput, ScoreRequest as _ppo_v1_ScoreRequest } from './ppo/v1/ScoreRequest.ts';
import type { ScoreResultInput as _ppo_v1_ScoreResultInput, ScoreResult as _ppo_v1_ScoreResult } from './ppo/v1/ScoreResult.ts';
import type { ScoredSequenceInput as _ppo_v1_ScoredSequenceInput, ScoredSequence as _ppo_v1_ScoredSequence } from './ppo/v1/ScoredSequence.ts';
import type { ScoredTextInput as _ppo_v1_ScoredTextInput, ScoredText as _ppo_v1_ScoredText } from './ppo/v1/ScoredText.ts';
import type { ScorerClient as _ppo_v1_ScorerClient, ScorerDefinition as _ppo_v1_ScorerDefinition } from './ppo/v1/Scorer.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  ppo: {
    v1: {
      ScoreKind: EnumTypeDefinition
      ScoreReply: MessageTypeDefinition<_ppo_v1_ScoreReplyInput, _ppo_v1_ScoreReply>
      ScoreRequest: MessageTypeDefinition<_ppo_v1_ScoreRequestInput, _ppo_v1_ScoreRequest>
      ScoreResult: MessageTypeDefinition<_ppo_v1_ScoreResultInput, _ppo_v1_ScoreResult>
      ScoredSequence: MessageTypeDefinition<_ppo_v1_ScoredSequenceInput, _ppo_v1_ScoredSequence>
      ScoredText: MessageTypeDefinition<_ppo_v1_ScoredTextInput, _ppo_v1_ScoredText>
      Scorer: SubtypeConstructor<typeof grpc.Client, _ppo_v1_ScorerClient> & { service: _ppo_v1_ScorerDefinition }
    }
  }
}

