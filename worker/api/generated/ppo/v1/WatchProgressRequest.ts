// Original file: coordinator.proto


export interface WatchProgressRequestInput {
}

export interface WatchProgressRequest {
}
