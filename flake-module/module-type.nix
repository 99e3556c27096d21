# The type of a module of container options. An attribute set defines config only, as with the type of a container:
# `config` is one of its options.
lib:
lib.types.coercedTo lib.types.attrs (definition: { config = definition; }) lib.types.deferredModule
