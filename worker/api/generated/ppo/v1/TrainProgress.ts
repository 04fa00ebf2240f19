// Original file: trainer.proto


export interface TrainProgressInput {
  'stepsDone'?: (number);
  'numSteps'?: (number);
}

export interface TrainProgress {
  'stepsDone': (number);
  'numSteps': (number);
}
