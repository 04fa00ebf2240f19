// Original file: coordinator.proto


export interface HeartbeatRequestInput {
  'role'?: (string);
  'index'?: (number);
  'incarnation'?: (string);
}

export interface HeartbeatRequest {
  'role': (string);
  'index': (number);
  'incarnation': (string);
}
