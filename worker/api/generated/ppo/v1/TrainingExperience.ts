// Original file: trainer.proto


export interface TrainingExperienceInput {
  /**
   * [P + R]
   */
  'tokenIds'?: (number)[];
  'promptLength'?: (number);
  /**
   * [R], actor only
   */
  'oldLogprobs'?: (number | string)[];
  /**
   * [R], actor only
   */
  'advantages'?: (number | string)[];
  /**
   * [R], actor only, and only where the KL is in the loss
   */
  'referenceLogprobs'?: (number | string)[];
  /**
   * [R], critic only
   */
  'oldValues'?: (number | string)[];
  /**
   * [R], critic only
   */
  'returns'?: (number | string)[];
}

export interface TrainingExperience {
  /**
   * [P + R]
   */
  'tokenIds': (number)[];
  'promptLength': (number);
  /**
   * [R], actor only
   */
  'oldLogprobs': (number)[];
  /**
   * [R], actor only
   */
  'advantages': (number)[];
  /**
   * [R], actor only, and only where the KL is in the loss
   */
  'referenceLogprobs': (number)[];
  /**
   * [R], critic only
   */
  'oldValues': (number)[];
  /**
   * [R], critic only
   */
  'returns': (number)[];
}
