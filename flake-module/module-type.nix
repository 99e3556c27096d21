# The type of a module of container options. A definition as an attribute set says nothing but config, as where the type
# of a container sees to it: `config` is one of its options.
lib:
lib.types.coercedTo lib.types.attrs (definition: { config = definition; }) lib.types.deferredModule
