// Original file: generation.proto


export interface ReceiveWeightsRequestInput {
  'epoch'?: (number);
  'policyVersion'?: (number);
  /**
   * CRC-32 of the flat float32 weights, little endian
   */
  'checksum'?: (number);
}

export interface ReceiveWeightsRequest {
  'epoch': (number);
  'policyVersion': (number);
  /**
   * CRC-32 of the flat float32 weights, little endian
   */
  'checksum': (number);
}
