// Original file: coordinator.proto

import type { FigureSeriesInput as _ppo_v1_FigureSeriesInput, FigureSeries as _ppo_v1_FigureSeries } from '../../ppo/v1/FigureSeries.ts';

export interface ReadFiguresReplyInput {
  'series'?: (_ppo_v1_FigureSeriesInput)[];
}

export interface ReadFiguresReply {
  'series': (_ppo_v1_FigureSeries)[];
}
