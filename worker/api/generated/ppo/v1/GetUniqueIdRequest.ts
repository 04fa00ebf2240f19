// Original file: communicator.proto


export interface GetUniqueIdRequestInput {
}

export interface GetUniqueIdRequest {
}
